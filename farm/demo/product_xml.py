"""Product metadata of a simulated scene: the elements of MTD_MSIL2A.xml that decide numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from farm.demo.plan import Acquisition

_NAMESPACE = "https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd"
_SPECTRAL_BANDS = 13  # band ids 0–12 of the instrument


def product_xml(acquisition: Acquisition) -> str:
    """Write the metadata with ESA's element names and an outright word that it is simulated."""
    start = f"{acquisition.acquired_at:%Y-%m-%dT%H:%M:%S}.024Z"
    offsets = ""
    if acquisition.has_offset:
        rows = "\n".join(
            f'        <BOA_ADD_OFFSET band_id="{band}">-1000</BOA_ADD_OFFSET>'
            for band in range(_SPECTRAL_BANDS)
        )
        offsets = (
            f"\n      <BOA_ADD_OFFSET_VALUES_LIST>\n{rows}\n      </BOA_ADD_OFFSET_VALUES_LIST>"
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Simulated. No satellite took this scene. -->
<n1:Level-2A_User_Product xmlns:n1="{_NAMESPACE}">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{start}</PRODUCT_START_TIME>
      <PRODUCT_STOP_TIME>{start}</PRODUCT_STOP_TIME>
      <PRODUCT_URI>{acquisition.scene_name}.SAFE</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
      <PROCESSING_BASELINE>{acquisition.baseline}</PROCESSING_BASELINE>
      <Datatake datatakeIdentifier="SIMULATED_{acquisition.tag}">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
      </Datatake>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <QUANTIFICATION_VALUES_LIST>
        <BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>{offsets}
    </Product_Image_Characteristics>
  </n1:General_Info>
</n1:Level-2A_User_Product>
"""
